/// The number of cores that a cluster's batch system gave to the job on this machine; nil outside a job, or if it does
/// not tell.
///
/// A batch system may rely on the job to respect the number, as Slurm does without control groups. A number for all
/// machines of the job is used, too: this machine cannot have more.
///
/// - Parameter variable: returns the value of an environment variable; nil if it is not set.
package func coresOfJob(_ variable: (String) -> String?) -> Int? {
    let limits = enginesWithCores.compactMap { engine -> Int? in
        guard variable(engine.job) != nil else { return nil }
        // A value that is not a number sets no limit.
        return engine.cores.compactMap { variable($0).flatMap { PartSyntax.number($0[...]) } }.first { $0 > 0 }
    }
    return limits.min()
}

/// A variable that is set only in jobs, and those that then give the number of cores; the first number counts.
private let enginesWithCores: [(job: String, cores: [String])] = [
    // Slurm: the cores that the task asked for, if it did, or those of the job on this node.
    ("SLURM_JOB_ID", ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"]),
    // PBS Pro and OpenPBS: the threads on this node. Torque: the cores on all nodes.
    ("PBS_JOBID", ["NCPUS", "PBS_NP"]),
    // Grid Engine, and LSF: the slots on all machines.
    ("SGE_TASK_ID", ["NSLOTS"]),
    ("LSB_JOBID", ["LSB_DJOB_NUMPROC"]),
]
