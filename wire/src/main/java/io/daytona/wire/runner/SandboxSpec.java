package io.daytona.wire.runner;

import java.util.List;
import java.util.Map;

/**
 * Everything a runner needs to make one sandbox real.
 *
 * @param id sandbox id, a UUID in lower case
 * @param origin its owner, region and snapshot
 * @param layers read-only layers, lowest first; never empty
 * @param cpu CPUs, 1 or more
 * @param memoryGib memory limit in GiB
 * @param diskGib size of the writable disk in GiB
 * @param user user that programs run as inside
 * @param env environment given by the client; wins over the image's
 * @param entrypoint command to run as the entrypoint session; empty for none
 * @param profile capability and seccomp profile: {@code default} or {@code restricted}
 */
public record SandboxSpec(
    String id,
    Origin origin,
    List<String> layers,
    int cpu,
    int memoryGib,
    int diskGib,
    String user,
    Map<String, String> env,
    List<String> entrypoint,
    String profile) {

  /** Copies the collections. */
  public SandboxSpec {
    layers = List.copyOf(layers);
    env = Map.copyOf(env);
    entrypoint = List.copyOf(entrypoint);
  }
}
