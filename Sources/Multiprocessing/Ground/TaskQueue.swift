/// First in, first out; what was taken and could not be done is put back at the front.
struct TaskQueue<Element> {
    private var elements: [Element?] = []
    private var head = 0
    private var returned: [Element] = []

    var isEmpty: Bool {
        returned.isEmpty && head == elements.count
    }

    /// What `next` would take.
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
        // Half of it is used up: moving the rest costs as much as was taken since, so a constant for each.
        if head > 32 && head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}
