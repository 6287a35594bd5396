// Declarations that the library's snippets use and do not show; scripts/snippets.py compiles them with the snippets.

import ChunkedMap
import Multiprocessing

struct CountWords: ChunkFunction {
    func callAsFunction(_ chunk: borrowing Chunk) -> Int { given() }
}

// In Async/AsyncChunkPool.swift
let path = ""
let file: ChunkedFile = given()

// In Chunk.swift
let file: ChunkedFile = given()

// In ChunkPool.swift
func countWords(_ chunk: borrowing Chunk) -> Int { given() }
let paths: [String] = []

// In ChunkResults.swift
let pool: ChunkPool<Int> = given()
let file: ChunkedFile = given()

// In ChunkedFile.swift
func leftOut() -> Int { given() }
