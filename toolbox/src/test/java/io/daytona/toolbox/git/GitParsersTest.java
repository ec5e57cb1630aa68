package io.daytona.toolbox.git;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Feed;
import io.daytona.toolbox.git.GitReplies.Remote;
import io.daytona.wire.error.DaytonaException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What git may write about a repository that somebody hostile has made, and addresses of remotes.
 * The first byte chooses: {@code u} an address, {@code r} remotes, {@code e} a failure, {@code o}
 * output in pieces; records of {@code git status} begin with another.
 */
public final class GitParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "# branch.oid 0123\0# branch.head main\0# branch.upstream origin/main\0# branch.ab +1 -2\0"
              + "1 .M N... 100644 100644 100644 0a 0a file\0? new\0",
          "# branch.head (detached)\0"
              + "2 R. N... 100644 100644 100644 0a 0a R100 to\0from\0"
              + "u UU N... 1 2 3 4 0a 0b 0c both\0! ignored\0",
          "uhttps://user:p%40ss@host.example:8443/a.git?x",
          "ussh://git@host/~/a",
          "ugit@host:a.git",
          "ufile:///srv/a",
          "u~/a",
          "rremote\nx\0remote.origin.url\nhttps://h/a\0remote.a.b.url\nx\0",
          "efatal: unable to access 'https://h/': The requested URL returned error: 403\n! [rejected] a",
          "o\u0003one\0two\0three");

  /** An address is read without a look into the sandbox. */
  private static final Agent AGENT =
      (Agent)
          Proxy.newProxyInstance(
              Agent.class.getClassLoader(),
              new Class<?>[] {Agent.class},
              (_, method, _) -> {
                throw new AssertionError(method);
              });

  private static final Running SANDBOX = new Running("s", AGENT, "/home/u", "/srv", "u");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) throws InterruptedException {
    accepts(input);
  }

  static boolean accepts(byte[] input) throws InterruptedException {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 'u' -> address(rest) || status(input);
      case 'r' -> remotes(rest);
      case 'e' -> GitFaults.of(rest) != GitFault.OTHER;
      case 'o' -> output(Arrays.copyOfRange(input, 1, input.length));
      default -> status(input);
    };
  }

  private static boolean address(String raw) {
    try {
      GitUrl url = GitUrl.parse(SANDBOX, raw);
      assertTrue(url.text().chars().noneMatch(Character::isISOControl), "a control character");
      assertTrue(url.text().matches("(?s)(https?|ssh|git|file)://.*|/.*|[^-].*:.*"), url.text());
      assertTrue(url.text().startsWith(url.scope()), "another host");
      GitUrl again = GitUrl.parse(SANDBOX, url.text());
      assertEquals(url.text(), again.text(), "another address");
      assertEquals("", again.username() + again.password(), "a secret in the address");
      return true;
    } catch (DaytonaException e) {
      assertEquals(400, e.kind().status(), e.sentence());
      return false;
    }
  }

  private static boolean remotes(String settings) {
    List<Remote> remotes = RemoteHandlers.remotes(settings).remotes();
    assertEquals(remotes.size(), remotes.stream().map(Remote::name).distinct().count());
    return !remotes.isEmpty();
  }

  private static boolean output(byte[] input) throws InterruptedException {
    int bytes = 0;
    try (GitRecords records = new GitRecords(Feed.of(input), '\0', new Patient())) {
      for (byte[] record = records.next(); record != null; record = records.next()) {
        bytes += record.length;
      }
      assertEquals(0, records.status());
    }
    assertTrue(bytes < Math.max(1, input.length), "output that never came");
    return bytes > 0;
  }

  private static boolean status(byte[] input) throws InterruptedException {
    Iterator<String> records =
        List.of(new String(input, StandardCharsets.UTF_8).split("\0", -1)).iterator();
    StatusHead.Source source = () -> records.hasNext() ? records.next() : null;
    StatusHead head = StatusHead.read(source);
    assertTrue(head.ahead() >= 0 && head.behind() >= 0, "a negative distance");
    int entries = 0;
    for (String record = head.firstEntry(); record != null; record = source.next()) {
      StatusEntry entry = StatusEntry.parse(record, source);
      entries += entry.name().isEmpty() ? 0 : 1;
    }
    return entries > 0;
  }

  @Test
  void seedsAreAccepted() throws InterruptedException {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }

  private static final class Patient implements GitRecords.Watch {
    @Override
    public DaytonaException tooLarge() {
      throw new AssertionError("too large");
    }

    @Override
    public Duration untilLook() {
      return Duration.ofHours(1);
    }

    @Override
    public void look() {
      throw new AssertionError("it waits");
    }

    @Override
    public void heard() {
      // Every piece is heard.
    }
  }
}
