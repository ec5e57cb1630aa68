package io.daytona.wire.runner;

/**
 * Levels of one host.
 *
 * @param running sandboxes that run
 * @param slotsReady slots made ahead and free
 * @param slotsTotal slots this host can have
 * @param poolFreeKib free space of the disk pool in KiB
 * @param poolTotalKib size of the disk pool in KiB
 */
public record RunnerStatus(
    int running, int slotsReady, int slotsTotal, long poolFreeKib, long poolTotalKib) {}
