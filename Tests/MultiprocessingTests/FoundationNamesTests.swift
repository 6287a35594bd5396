import Foundation
import Multiprocessing
import Testing

/// In a file that imports Foundation, only names of the library that have a second name are ambiguous.
struct FoundationNamesTests {
    struct Target: ProcessTarget, Codable {
        func run() throws {}
    }

    @Test func processesAndPipesHaveNamesBesideThoseOfFoundation() throws {
        let child = ChildProcess(startMethod: .spawn, Target())
        try child.start()
        #expect(try child.join(timeout: .seconds(60)) == .exited(0))
        let pipe = try MessagePipe()
        try pipe.first.send("hello")
        #expect(try pipe.second.receive(String.self) == "hello")
    }

    @Test func otherNamesAreNotFoundations() {
        let types: [Any.Type] = [
            AuthenticationKey.self, Barrier.self, BoundedSemaphore.self, Condition.self, Connection.self,
            CurrentProcess.self,
            Event.self, ExitStatus.self, Listener.self, Lock.self, Manager.self, MultiprocessingError.self,
            Nothing.self,
            ParentProcess.self, PoolStatus.self, Queue<Int>.self, RLock.self, Semaphore.self, SharedArray<Int>.self,
            SharedMemory.self, ShareableList.self, StandardInput.self, StartMethod.self, WorkerSettings.self,
            Pool<Int, Int>.self, AsyncPool<Int, Int>.self, AsyncResult<Int>.self, Address.self, Arguments<Int>.self,
        ]
        #expect(Set(types.map { "\($0)" }).count == types.count)
    }
}
