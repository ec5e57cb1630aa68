package io.daytona.cli.terminal;

import io.daytona.cli.error.CliException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a command gets from who called it.
 *
 * @param environment variables
 * @param in standard input
 * @param inputIsTerminal whether somebody types it
 * @param out standard output, unbuffered
 * @param err standard error, unbuffered
 * @param version release of this client
 */
public record Terminal(
    Map<String, String> environment,
    InputStream in,
    boolean inputIsTerminal,
    OutputStream out,
    OutputStream err,
    String version) {

  /** That of this process; its starter says whether the input is a terminal, which Java cannot. */
  public static Terminal ofProcess() {
    String version = Terminal.class.getPackage().getImplementationVersion();
    return new Terminal(
        System.getenv(),
        new FileInputStream(FileDescriptor.in),
        Boolean.getBoolean("daytona.input.terminal"),
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err),
        version == null ? "0.0.0-dev" : version);
  }

  /** Writes text to standard output. */
  public void print(String text) {
    write(out, text);
  }

  /** Tells the user of a failure. */
  public void complain(CliException failure) {
    write(err, failure.text() + "\n");
  }

  /** When nobody listens any more, the exit status still tells. */
  private static void write(OutputStream stream, String text) {
    try {
      stream.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      return;
    }
  }
}
