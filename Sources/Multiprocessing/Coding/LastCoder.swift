/// The coder of the type that was sent or received last, which is usually also that of the next message.
struct LastCoder {
    private final class Box<Value> {
        let coder: MessageCoder<Value>

        init(_ coder: MessageCoder<Value>) {
            self.coder = coder
        }
    }

    private var type: ObjectIdentifier?
    private var box: AnyObject?

    mutating func coder<Value>(_ make: () -> MessageCoder<Value>) -> MessageCoder<Value> {
        if type == ObjectIdentifier(Value.self), let box {
            return unsafeDowncast(box, to: Box<Value>.self).coder
        }
        let coder = make()
        type = ObjectIdentifier(Value.self)
        box = Box(coder)
        return coder
    }
}
