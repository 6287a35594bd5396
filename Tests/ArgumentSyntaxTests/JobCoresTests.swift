import Testing

@testable import ArgumentSyntax

/// The number of cores that an engine gave to a job.
@Suite struct JobCoresTests {
    private func cores(_ variables: [String: String]) -> Int? {
        coresOfJob { variables[$0] }
    }

    @Test func outsideAJobThereIsNoLimit() {
        #expect(cores([:]) == nil)
        let left = ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "NCPUS", "PBS_NP", "NSLOTS", "LSB_DJOB_NUMPROC"]
        #expect(cores(Dictionary(uniqueKeysWithValues: left.map { ($0, "3") })) == nil)
    }

    @Test func aSlurmTaskHasTheCoresItAskedForOrThoseOfTheJobHere() {
        #expect(cores(["SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": "4", "SLURM_CPUS_ON_NODE": "16"]) == 4)
        #expect(cores(["SLURM_JOB_ID": "7", "SLURM_CPUS_ON_NODE": "16"]) == 16)
        #expect(cores(["SLURM_JOB_ID": "7"]) == nil)
    }

    @Test func theOtherEnginesTellTheirNumber() {
        #expect(cores(["PBS_JOBID": "7.server", "NCPUS": "8"]) == 8)
        #expect(cores(["PBS_JOBID": "7.server", "PBS_NP": "6"]) == 6)
        #expect(cores(["SGE_TASK_ID": "undefined", "NSLOTS": "1"]) == 1)
        #expect(cores(["LSB_JOBID": "7", "LSB_DJOB_NUMPROC": "12"]) == 12)
        // One inside the other: the lower limit counts.
        #expect(
            cores(["LSB_JOBID": "7", "LSB_DJOB_NUMPROC": "12", "SLURM_JOB_ID": "9", "SLURM_CPUS_ON_NODE": "5"]) == 5)
    }

    @Test(arguments: ["", "0", "-4", "4(x2)", "all", "4.5", " 4"])
    func anInvalidNumberOfCoresSetsNoLimit(value: String) {
        #expect(cores(["SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": value]) == nil)
        #expect(cores(["SLURM_JOB_ID": "7", "SLURM_CPUS_PER_TASK": value, "SLURM_CPUS_ON_NODE": "2"]) == 2)
    }
}
