package io.daytona.wire.runner;

/**
 * Levels of one host.
 *
 * @param running sandboxes that run
 * @param slotsReady slots made ahead and free
 * @param slotsUsed slots of running sandboxes
 * @param slotsTotal slots this host can have
 * @param disksReady empty disks made ahead
 * @param poolFreeKib free space of the disk pool in KiB
 * @param poolTotalKib size of the disk pool in KiB
 */
public record RunnerStatus(
    int running,
    int slotsReady,
    int slotsUsed,
    int slotsTotal,
    int disksReady,
    long poolFreeKib,
    long poolTotalKib) {}
