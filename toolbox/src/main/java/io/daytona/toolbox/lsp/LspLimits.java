package io.daytona.toolbox.lsp;

import java.time.Duration;

/**
 * What a language server, which is a program of the sandbox, may cost the platform.
 *
 * @param start how long it may take to answer {@code initialize}, and to write a message that it
 *     began
 * @param request how long it may take for any other answer
 * @param servers servers of one sandbox at a time
 * @param documents open documents of one server
 * @param documentBytes size of a document
 * @param messageBytes size of one message of a server
 * @param messageValues JSON values in one message of a server
 * @param sandboxBytes bytes of large messages under way from and to one sandbox
 * @param allBytes the same for all sandboxes together
 */
public record LspLimits(
    Duration start,
    Duration request,
    int servers,
    int documents,
    int documentBytes,
    int messageBytes,
    int messageValues,
    long sandboxBytes,
    long allBytes) {

  /** The limits of a platform, those on memory by the size of its heap. */
  public static LspLimits defaults() {
    return new LspLimits(
        Duration.ofSeconds(60),
        Duration.ofSeconds(30),
        8,
        256,
        4 << 20,
        16 << 20,
        400_000,
        32 << 20,
        Math.max(64 << 20, Runtime.getRuntime().maxMemory() / 16));
  }
}
