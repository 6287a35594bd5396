#!/usr/bin/env python3
"""CPython's side of library.py: does a work COUNT times and prints how many seconds that took.

On both sides processes are started and warmed up before the clock starts.
"""

import multiprocessing
import sys
import time
from dataclasses import dataclass


def add_one(number):
    return number + 1


def with_pool(body):
    with multiprocessing.Pool(2) as pool:
        pool.map(add_one, range(1000))
        start = time.perf_counter()
        body(pool)
        return time.perf_counter() - start


def pool_map(count):
    return with_pool(lambda pool: pool.map(add_one, range(count), chunksize=1))


def pool_imap(count):
    return with_pool(lambda pool: sum(pool.imap(add_one, range(count))))


def pool_imap_unordered(count):
    return with_pool(lambda pool: sum(pool.imap_unordered(add_one, range(count))))


def echo(connection, count):
    for _ in range(count + 1):
        connection.send_bytes(connection.recv_bytes())


def pipe(count):
    here, there = multiprocessing.Pipe()
    child = multiprocessing.Process(target=echo, args=(there, count))
    child.start()
    message = b"\7" * 8
    here.send_bytes(message)
    here.recv_bytes()
    start = time.perf_counter()
    for _ in range(count):
        here.send_bytes(message)
        here.recv_bytes()
    seconds = time.perf_counter() - start
    child.join()
    return seconds


def nothing():
    pass


def process(count):
    start = time.perf_counter()
    for _ in range(count):
        child = multiprocessing.Process(target=nothing)
        child.start()
        child.join()
    return time.perf_counter() - start


def put_all(queue, count):
    for number in range(count + 1):
        queue.put(number)


def queue(count):
    values = multiprocessing.Queue()
    child = multiprocessing.Process(target=put_all, args=(values, count))
    child.start()
    values.get()
    start = time.perf_counter()
    for _ in range(count):
        values.get()
    seconds = time.perf_counter() - start
    child.join()
    return seconds


def lock(count):
    one = multiprocessing.Lock()
    start = time.perf_counter()
    for _ in range(count):
        one.acquire()
        one.release()
    return time.perf_counter() - start


def with_dictionary(body):
    with multiprocessing.Manager() as manager:
        shared = manager.dict()
        shared[0] = 0
        start = time.perf_counter()
        body(shared)
        return time.perf_counter() - start


def manager_set(count):
    def body(shared):
        for number in range(count):
            shared[number % 1000] = number

    return with_dictionary(body)


def manager_update(count):
    def body(shared):
        for first in range(0, count, 1000):
            shared.update({number: number for number in range(first, min(first + 1000, count))})

    return with_dictionary(body)


def same(value):
    return value


def trips(count, value):
    with multiprocessing.Pool(1) as pool:
        for _ in range(3):
            pool.apply(same, (value,))
        start = time.perf_counter()
        for _ in range(count):
            pool.apply(same, (value,))
        return time.perf_counter() - start


def byte_trips(count):
    return trips(count, b"\7" * (16 << 20))


def dictionary_trips(count):
    return trips(count, {f"key {number}": number for number in range(100_000)})


def string_trips(count):
    return trips(count, [f"this is the line {number}" for number in range(200_000)])


@dataclass
class Row:
    number: int
    name: str
    score: float
    is_active: bool = True


def row_trips(count):
    return trips(count, [Row(number, f"row {number}", number / 3) for number in range(200_000)])


@dataclass
class Five:
    time: int
    x: float = 0.5
    y: float = 0.25
    z: float = 0.125
    is_valid: bool = True


def coded(count):
    values = [Five(number) for number in range(1000)]
    here, there = multiprocessing.Pipe()

    def trip():
        here.send(values)
        there.recv()

    trip()
    start = time.perf_counter()
    for _ in range(count // len(values)):
        trip()
    return time.perf_counter() - start


WORKS = {
    "map": pool_map, "imap": pool_imap, "imap-unordered": pool_imap_unordered, "pipe": pipe, "process": process,
    "queue": queue, "lock": lock, "manager-set": manager_set, "manager-update": manager_update, "bytes": byte_trips,
    "dictionary": dictionary_trips, "strings": string_trips, "rows": row_trips, "coded": coded,
}

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in WORKS:
        sys.exit(f"usage: library_peer.py WORK COUNT, where WORK is one of {' '.join(WORKS)}")
    # Linux's default up to 3.13; the library forks too.
    multiprocessing.set_start_method("fork")
    print(WORKS[sys.argv[1]](int(sys.argv[2])))
