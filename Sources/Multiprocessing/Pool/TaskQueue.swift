/// First in, first out.
struct TaskQueue<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool {
        head == elements.count
    }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    mutating func next() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head].take()
        head += 1
        // Half of it is used up: moving the rest costs as much as was taken since, so a constant for each.
        if head > 32 && head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}
