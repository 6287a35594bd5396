/// How many cores the engine of a cluster gave to the job on this machine; nil outside of jobs, or where it does not say.
///
/// An engine may leave it to the job to keep to them, as Slurm does where no control group holds it. What they say for all
/// machines of a job is taken too: there cannot be more on this one.
///
/// - Parameter variable: the value of a variable of the environment; nil where it is not set.
package func coresOfJob(_ variable: (String) -> String?) -> Int? {
    let limits = enginesWithCores.compactMap { engine -> Int? in
        guard variable(engine.job) != nil else { return nil }
        // A word that is no number is no limit.
        return engine.cores.compactMap { variable($0).flatMap { PartSyntax.number($0[...]) } }.first { $0 > 0 }
    }
    return limits.min()
}

/// What is set in jobs only, and what then says how many cores there are; the first that is a number holds.
private let enginesWithCores: [(job: String, cores: [String])] = [
    // Slurm: what the task asked for, where it did; else what the job has on this node.
    ("SLURM_JOB_ID", ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"]),
    // PBS Pro and OpenPBS: the threads on this node. Torque: the cores on all nodes.
    ("PBS_JOBID", ["NCPUS", "PBS_NP"]),
    // Grid Engine, and LSF: the slots on all machines.
    ("SGE_TASK_ID", ["NSLOTS"]),
    ("LSB_JOBID", ["LSB_DJOB_NUMPROC"]),
]
