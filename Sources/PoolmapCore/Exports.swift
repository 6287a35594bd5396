@_exported import Ground
@_exported import JobServer
