package io.daytona.control.sandbox;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks for (control-plane protocol §2.2); unknown keys are ignored, absent ones null.
 *
 * @param name name; the generated id when absent
 * @param snapshot name or id of a snapshot
 * @param user user that programs run as
 * @param env environment
 * @param labels labels
 * @param isPublic whether previews need no credentials
 * @param networkBlockAll whether it has no network
 * @param networkAllowList networks it may reach
 * @param domainAllowList domains it may reach
 * @param outboundProxyUrl proxy of its outbound requests
 * @param target region
 * @param sandboxClass class; older and experimental clients name it here
 * @param cpu CPUs, with {@code buildInfo} only
 * @param gpu GPUs, with {@code buildInfo} only
 * @param gpuType acceptable types of GPU
 * @param memory GiB of memory, with {@code buildInfo} only
 * @param disk GiB of disk, with {@code buildInfo} only
 * @param autoStopInterval minutes without activity until it is stopped
 * @param autoPauseInterval minutes without activity until it is paused
 * @param autoArchiveInterval minutes stopped until it is archived
 * @param autoDeleteInterval minutes stopped until it is deleted
 * @param ttlMinutes minutes from creation until it is deleted
 * @param volumes volumes to attach
 * @param buildInfo image to build
 * @param linkedSandbox sandbox whose private network it joins
 * @param secrets secrets for its outbound requests
 * @param spot whether it may be evicted
 * @param kvm whether {@code /dev/kvm} is wanted inside
 */
public record CreateSandboxBody(
    @Nullable String name,
    @Nullable String snapshot,
    @Nullable String user,
    @Nullable Map<String, @Nullable String> env,
    @Nullable Map<String, @Nullable String> labels,
    @JsonProperty("public") @Nullable Boolean isPublic,
    @Nullable Boolean networkBlockAll,
    @Nullable String networkAllowList,
    @Nullable String domainAllowList,
    @Nullable String outboundProxyUrl,
    @Nullable String target,
    @Nullable String sandboxClass,
    @Nullable Integer cpu,
    @Nullable Integer gpu,
    @Nullable List<String> gpuType,
    @Nullable Integer memory,
    @Nullable Integer disk,
    @Nullable Integer autoStopInterval,
    @Nullable Integer autoPauseInterval,
    @Nullable Integer autoArchiveInterval,
    @Nullable Integer autoDeleteInterval,
    @Nullable Integer ttlMinutes,
    @Nullable List<SandboxVolumeDto> volumes,
    @Nullable BuildInfo buildInfo,
    @Nullable String linkedSandbox,
    @Nullable List<Map<String, String>> secrets,
    @Nullable Boolean spot,
    @Nullable Boolean kvm) {

  /**
   * An image to build.
   *
   * @param dockerfileContent its Dockerfile
   * @param contextHashes hashes of its contexts
   */
  public record BuildInfo(
      @Nullable String dockerfileContent, @Nullable List<String> contextHashes) {}

  /** Never shows environment and secrets. */
  @Override
  public String toString() {
    return "CreateSandboxBody[name=" + name + ", snapshot=" + snapshot + "]";
  }
}
