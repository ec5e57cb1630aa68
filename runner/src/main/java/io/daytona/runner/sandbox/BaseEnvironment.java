package io.daytona.runner.sandbox;

import io.daytona.wire.runner.SandboxSpec;
import java.util.HashMap;
import java.util.Map;

/**
 * The environment that every program of a sandbox starts with: defaults, then the image's, then the
 * platform's names (control-plane protocol, list of variables), then the client's. The agent adds
 * {@code HOME} and {@code USER} from the sandbox's own passwd.
 */
final class BaseEnvironment {
  private static final String SYSTEM_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  /**
   * A quota of CPU time leaves a sandbox's programs on all of the host's processors. Those that
   * count these, {@code nproc} and OpenMP among them, take this variable's number instead.
   */
  private static final int HOST_PROCESSORS = Runtime.getRuntime().availableProcessors();

  private BaseEnvironment() {}

  /**
   * @param image the image's
   * @param host what this host gives every sandbox beside the platform's names
   */
  static Map<String, String> of(
      SandboxSpec spec, Map<String, String> image, Map<String, String> host) {
    String home = spec.user().equals("root") ? "/root" : "/home/" + spec.user();
    Map<String, String> env = new HashMap<>();
    env.put("LANG", "C.UTF-8");
    env.put("OMP_NUM_THREADS", Integer.toString(Math.min(spec.cpu(), HOST_PROCESSORS)));
    env.put("PATH", home + "/.local/bin:" + home + "/.npm-global/bin:" + SYSTEM_PATH);
    env.putAll(image);
    env.put("DAYTONA_SANDBOX_ID", spec.id());
    env.put("DAYTONA_SANDBOX_USER", spec.user());
    env.put("DAYTONA_ORGANIZATION_ID", spec.origin().organizationId());
    putKnown(env, "DAYTONA_REGION_ID", spec.origin().regionId());
    putKnown(env, "DAYTONA_SANDBOX_SNAPSHOT", spec.origin().snapshot());
    env.putAll(host);
    env.putAll(spec.env());
    return env;
  }

  private static void putKnown(Map<String, String> env, String name, String value) {
    if (!value.isEmpty()) {
      env.put(name, value);
    }
  }
}
