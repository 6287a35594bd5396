"use strict";

// Formats values and makes elements. Everything from the report enters the page as text, never as markup.

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function formatBytes(bytes) {
    if (bytes === null || bytes === undefined) return "–";
    let unit = 0;
    let value = bytes;
    while (value >= 1024 && unit < byteUnits.length - 1) {
        value /= 1024;
        unit += 1;
    }
    return unit === 0 ? `${formatCount(bytes)} B` : `${significant(value)} ${byteUnits[unit]}`;
}

/// Three significant digits.
function significant(value) {
    if (value >= 1000) return formatCount(Math.round(value));
    if (value >= 100) return value.toFixed(0);
    return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function formatCount(count) {
    return Math.round(count).toLocaleString("en-US");
}

/// "1 chunk", "2 chunks".
function counted(count, noun, plural = `${noun}s`) {
    return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

function formatTime(microseconds) {
    if (microseconds < 0) return "–";
    if (microseconds < 1000) return `${Math.round(microseconds)} µs`;
    if (microseconds < 1e6) return `${significant(microseconds / 1e3)} ms`;
    if (microseconds < 120e6) return `${significant(microseconds / 1e6)} s`;
    const seconds = Math.round(microseconds / 1e6);
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/// The speed of so many bytes in so many microseconds.
function formatSpeed(bytes, microseconds) {
    return microseconds > 0 && Number.isFinite(bytes) ? `${formatBytes(bytes / microseconds * 1e6)}/s` : "–";
}

function formatPercent(share) {
    if (!Number.isFinite(share)) return "–";
    const percent = share * 100;
    return `${percent >= 99.95 || percent < 0.05 ? Math.round(percent) : percent.toFixed(percent < 10 ? 1 : 0)} %`;
}

function formatRange(offset, length) {
    return length === 0 ? "–" : `${formatCount(offset)} to ${formatCount(offset + length - 1)}`;
}

/// Escapes what a name should not show as it is: bytes that are not UTF-8, and invisible or direction-changing characters.
function printable(name) {
    return String(name).replace(/[\p{Cs}\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
        const code = character.codePointAt(0);
        const names = { 9: "\\t", 10: "\\n", 13: "\\r" };
        if (names[code]) return names[code];
        const isByte = code >= 0xdc80 && code <= 0xdcff;
        return isByte ? `\\x${(code & 0xff).toString(16).toUpperCase()}` : `\\u{${code.toString(16).toUpperCase()}}`;
    });
}

function lastName(path) {
    return path.slice(path.lastIndexOf("/") + 1) || path;
}

/// Makes an element. Function properties become event listeners; children can be text.
function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (typeof value === "function") made.addEventListener(name, value);
        else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
}

function byID(id) {
    return document.getElementById(id);
}
