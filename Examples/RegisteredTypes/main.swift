// A user-defined type in the server process: its methods run there, one at a time, whichever process calls them.
//
//     swift run RegisteredTypes

import Multiprocessing

struct Account {
    var balance = 0
}

struct Deposit: ManagedMethod {
    let amount: Int

    func run(on account: inout Account) throws -> Int {
        account.balance += amount
        return account.balance
    }
}

let accounts = RegisteredType("Account") { (balance: Int) in Account(balance: balance) }.method(Deposit.self)
let manager = try Manager(registering: [accounts])
let account = try manager.make(accounts, 100)
let children = (1...3).map { _ in
    Process {
        for _ in 0..<100 {
            _ = try account.call(Deposit(amount: 1))
        }
    }
}
for child in children {
    try child.start()
}
for child in children {
    try child.join()
}
print("balance: \(try account.call(Deposit(amount: 0)))")
manager.shutdown()
