/// First in, first out; an element that was taken and could not be used is put back at the front.
struct TaskQueue<Element> {
    private var elements: [Element?] = []
    private var head = 0
    private var returned: [Element] = []

    var isEmpty: Bool {
        returned.isEmpty && head == elements.count
    }

    /// The element that `next` would take.
    var first: Element? {
        returned.last ?? (head < elements.count ? elements[head] : nil)
    }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func putBack(_ element: Element) {
        returned.append(element)
    }

    mutating func next() -> Element? {
        if let element = returned.popLast() {
            return element
        }
        guard head < elements.count else { return nil }
        let element = elements[head].take()
        head += 1
        // Half of it is used up: moving the rest costs as much as was taken since, so a constant time per element.
        if head > 32 && head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}
