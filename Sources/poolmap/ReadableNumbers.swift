/// A size such as 1.30 GiB, in zstd's format.
func readable(_ bytes: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var unit = 0
    var divisor: UInt64 = 1
    while unit < units.count - 1, bytes / divisor >= 1024 {
        divisor <<= 10
        unit += 1
    }
    if unit == 0 { return "\(bytes) B" }
    let hundredths = UInt64((Double(bytes) / Double(divisor) * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) \(units[unit])"
}

/// The ratio of two sizes with three decimals, such as 5.123.
func ratio(_ large: UInt64, _ small: UInt64) -> String {
    // A header may announce any size; taking the whole part first avoids an overflow.
    let divisor = max(small, 1)
    let fraction = "\(UInt64(Double(large % divisor) / Double(divisor) * 1000))"
    return "\(large / divisor)." + String(repeating: "0", count: 3 - fraction.count) + fraction
}
