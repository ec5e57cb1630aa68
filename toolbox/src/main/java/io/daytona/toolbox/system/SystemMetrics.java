package io.daytona.toolbox.system;

/**
 * What a sandbox uses of its limits (toolbox protocol §9); bytes unless said otherwise.
 *
 * @param cpuCount CPUs of its limit, rounded up
 * @param cpuUsedPct average use since the last look, 0…100 percent of the limit; 0 at the first
 * @param memTotal its memory limit
 * @param memUsed memory in use, without the file cache
 * @param memCache file cache
 * @param diskTotal size of its disk
 * @param diskUsed used of it
 * @param diskFree free for its user
 * @param timestamp when, RFC 3339
 * @param timestampUnix the same in seconds since 1970
 */
public record SystemMetrics(
    int cpuCount,
    double cpuUsedPct,
    long memTotal,
    long memUsed,
    long memCache,
    long diskTotal,
    long diskUsed,
    long diskFree,
    String timestamp,
    long timestampUnix) {}
