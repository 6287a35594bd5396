// What the library's snippets use and do not show; scripts/snippets.py puts them behind it.

import JobServer

// In JobServer.swift
let server: JobServer = given()
