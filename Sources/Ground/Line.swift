/// A FIFO queue, which keeps no reference to removed elements.
package struct Line<Element> {
    private var elements: [Element?] = []
    private var head = 0

    package init() {}

    package var isEmpty: Bool { head == elements.count }
    package var count: Int { elements.count - head }
    package var first: Element? { isEmpty ? nil : elements[head] }

    package mutating func append(_ element: Element) {
        elements.append(element)
    }

    package mutating func prepend(_ more: [Element]) {
        guard !more.isEmpty else { return }
        elements.replaceSubrange(..<head, with: more.map { $0 })
        head = 0
    }

    /// Moves the elements for which `isFirst` is true before the others.
    package mutating func moveToFront(_ isFirst: (Element) -> Bool) {
        let rest = elements[head...].compactMap(\.self)
        elements = rest.filter(isFirst) + rest.filter { !isFirst($0) }
        head = 0
    }

    package mutating func removeFirst() {
        elements[head] = nil
        head += 1
        if head > 64 && head * 2 > elements.count {
            elements.removeFirst(head)
            head = 0
        }
    }
}
