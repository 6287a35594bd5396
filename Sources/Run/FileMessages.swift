import Files
import Ground

extension NameBundle: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        self.init(
            try message.next(), count: try message.next(), bytes: try message.nextArray(),
            ordinals: try message.nextArray())
        mostBytes = try message.next()
        wantedNanoseconds = try message.next()
        firstNote = try message.next()
        generation = try message.next()
        firstLine = try message.next()
    }

    package func write(to message: inout MessageWriter) {
        message.add(origin)
        message.add(count)
        message.add(each: bytes)
        message.add(each: ordinals)
        message.add(mostBytes)
        message.add(wantedNanoseconds)
        message.add(firstNote)
        message.add(generation)
        message.add(firstLine)
    }
}

extension Place: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        self.init(path: try message.nextText(), root: try message.next())
    }

    package func write(to message: inout MessageWriter) {
        message.add(text: path)
        message.add(root)
    }
}
