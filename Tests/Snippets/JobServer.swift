// Declarations that the library's snippets use and do not show; scripts/snippets.py compiles them with the snippets.

import JobServer

// In JobServer.swift
let server: JobServer = given()
