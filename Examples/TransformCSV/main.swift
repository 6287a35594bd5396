// Turns a table of orders into a table of totals: `order,item,quantity,price` becomes `item,total`.
//
//     swift run TransformCSV FILE [CHUNK-BYTES]

import ChunkedMap
import SystemPackage

let arguments = CommandLine.arguments
guard arguments.count > 1 else { fatalError("usage: TransformCSV FILE [CHUNK-BYTES]") }
let chunkBytes = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 8 << 20

// A line end within quotes does not end a record.
let file = try ChunkedFile(arguments[1], cut: .csv, chunkBytes: chunkBytes)
let pool = try ChunkPool { (chunk: borrowing Chunk) in
    var table = ""
    var rows = Rows(of: chunk.bytes)
    // Only the first chunk of a file has the header row.
    if chunk.index == 0, rows.next() != nil {
        table += "item,total\n"
    }
    while let row = rows.next() {
        guard row.count == 4, let quantity = Int(row[2]), let price = Int(row[3]) else {
            throw WrongRow(fields: row)
        }
        table += "\(quoted(row[1])),\(quantity * price)\n"
    }
    return table
}
let results = try pool.imap(file)
while let table = try results.next() {
    try FileDescriptor.standardOutput.writeAll(table.utf8)
}
