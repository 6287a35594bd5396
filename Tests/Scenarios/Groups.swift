/// Fills the registry: a folder for each subject, a file for each aspect of it.
func registerAllScenarios() {
    Registry.group(
        "processes", processLifeScenarios, processEndScenarios, processHabitScenarios, processOutputScenarios,
        processThreadScenarios)
    Registry.group(
        "connections", messageScenarios, messageSizeScenarios, connectionEndScenarios, waitScenarios,
        interruptScenarios, pollScenarios, handoverScenarios, adoptedConnectionScenarios,
        arenaScenarios)
    Registry.group(
        "pools", mapScenarios, iteratorScenarios, submitScenarios, laneScenarios, initializerScenarios,
        recyclingScenarios, poolLoadScenarios,
        poolEndScenarios, poolMisuseScenarios, sharedDescriptorScenarios, compositionScenarios, resultHabitScenarios,
        poolStatusScenarios,
        workerSettingsScenarios)
    Registry.group(
        "faults", taskErrorScenarios, thrownErrorScenarios, workerDeathScenarios, poolManagerDeathScenarios,
        frontDeathScenarios,
        surroundingScenarios, lateDeathScenarios, backPressureScenarios,
        signalScenarios)
    Registry.group("crashes", crashMatrixScenarios)
    Registry.group("asyncPools", asyncPoolScenarios, asyncCrowdScenarios)
    Registry.group("confinement", confinementScenarios)
    Registry.group(
        "starting", startMethodScenarios, crowdScenarios, childSurroundingScenarios, forkServerScenarios,
        poolStartScenarios,
        managerServerStartScenarios, sharedObjectTravelScenarios)
    Registry.group("logging", logScenarios, descriptionScenarios)
    Registry.group(Registry.failingGroup, leakScenarios)
    Registry.group("listeners", listenerScenarios, handshakeScenarios, hostileClientScenarios)
    Registry.group(
        "managers", containerScenarios, listProxyScenarios, managerServerLockScenarios, managerServerSignalScenarios,
        managerServerProcessScenarios,
        managerServerEndScenarios, registeredTypeScenarios, hostileRequestScenarios)
    Registry.group(
        "chunks", chunkMapScenarios, chunkFaultScenarios, chunkFileScenarios, chunkPoolScenarios, chunkTaskScenarios,
        chunkTaskFaultScenarios)
    Registry.group(
        "queues", queueOrderScenarios, queueLimitScenarios, queueErrorScenarios, queueKillScenarios,
        queueMemoryScenarios, queueHandoverScenarios, joinableQueueScenarios, queueCloseScenarios)
    Registry.group("memory", sharedMemoryScenarios, nameGuardianScenarios, shareableListScenarios)
    Registry.group(
        "locks", lockScenarios, recursiveLockScenarios, lockDeathScenarios, lockDropScenarios, semaphoreScenarios,
        eventScenarios, conditionScenarios, conditionDeathScenarios, barrierScenarios, barrierDeathScenarios,
        sentObjectScenarios, objectArenaScenarios, killStressScenarios)
    Registry.group("values", sharedValueScenarios, sharedArrayScenarios, sharedLockScenarios, sharedAtomicScenarios)
    Registry.group(
        "jobServer", tokenScenarios, tokenRequestScenarios, tokenReturnScenarios, guardianScenarios, makeScenarios)
}
