// Declarations that the library's snippets use and do not show; scripts/snippets.py compiles them with the snippets.

import SeekableZstd
import SystemPackage

let size: UInt64 = given()

func bytes(at offset: UInt64, _ count: Int) throws -> [UInt8] { given() }
func compress(_ chunk: [UInt8]) throws -> [UInt8] { given() }

// In SeekableZstd.docc/SeekableZstd.md
let chunks: [[UInt8]] = []
let file: FileDescriptor = given()

// In FrameWalker.swift
let offset: UInt64 = 0
let bytes: UnsafeRawBufferPointer = given()
