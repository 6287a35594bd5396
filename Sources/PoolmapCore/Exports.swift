@_exported import Digests
@_exported import Ground
@_exported import JobServer
@_exported import SeekableZstd
