// A web server whose work is done by a pool of processes.
//
//     swift run --package-path Examples/Server Server 8080
//     printf '%s\n' 91 1000036000099 | curl --data-binary @- http://127.0.0.1:8080/factors
//
// A task that takes seconds delays no other request, and one that crashes ends a worker but not the server.

import Hummingbird
import Multiprocessing

@main
struct Server {
    static func main() async throws {
        let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080
        let pool = try AsyncPool(Factors())
        let server = Application(
            router: router(pool),
            configuration: .init(address: .hostname("127.0.0.1", port: port)))
        // Returns after SIGTERM or SIGINT, when all requests have been answered.
        try await server.runService()
        await pool.terminate()
    }

    /// Each line of the request has one number; the same line of the answer has its factors.
    static func router(_ pool: AsyncPool<UInt64, [UInt64]>) -> Router<BasicRequestContext> {
        let router = Router()
        router.post("factors") { request, _ in
            let lines = String(buffer: try await request.body.collect(upTo: 1 << 20)).split(whereSeparator: \.isNewline)
            let numbers = lines.compactMap { UInt64($0) }
            guard numbers.count == lines.count else {
                throw HTTPError(.badRequest, message: "a line is not a number")
            }
            let factors = try await pool.map(numbers)
            return zip(numbers, factors).map { number, factors in
                "\(number):\(factors.map { " \($0)" }.joined())\n"
            }.joined()
        }
        return router
    }
}
