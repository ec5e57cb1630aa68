package io.daytona.toolbox.fsutil;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.wire.error.DaytonaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a program of a sandbox and everything below it are doing at a moment, as the file tool sees
 * it (docs/protocols/fsutil.md). It is the sandbox's word.
 *
 * @param tasks its processes, at least one
 */
public record Activity(List<Task> tasks) {
  private static final int FIELDS = 10;

  /**
   * One process.
   *
   * @param pid its number inside the sandbox
   * @param parent its parent's
   * @param name of its program, cut to 15 characters
   * @param state letter of proc(5)
   * @param work a number that grows when it uses the processor, reads or writes
   * @param fifo the FIFO that it waits to open, {@code ?} when not known which; empty: none
   * @param device a character device that it may read, not {@code /dev/null}; empty: none
   * @param unread bytes in its pipes that nobody has read
   * @param socket whether it has a socket
   */
  public record Task(
      long pid,
      long parent,
      String name,
      String state,
      long work,
      String fifo,
      String device,
      long unread,
      boolean socket) {}

  /**
   * Looks at a program.
   *
   * @param pid inside the sandbox
   * @return empty when it has ended, and where the sandbox does not tell
   * @throws AgentException when the sandbox went away
   */
  public static Optional<Activity> of(Agent agent, long pid) throws InterruptedException {
    try {
      List<String> fields = ToolFields.of(agent, "activity", Long.toString(pid));
      List<Task> tasks = new ArrayList<>();
      for (int at = 0; at + FIELDS <= fields.size(); at += FIELDS) {
        tasks.add(task(fields.subList(at, at + FIELDS)));
      }
      return tasks.isEmpty() ? Optional.empty() : Optional.of(new Activity(tasks));
    } catch (FileToolRecords.InvalidPattern | NumberFormatException | DaytonaException e) {
      return Optional.empty();
    } catch (AgentException e) {
      if (e.code().equals(AgentException.LOST)) {
        throw e;
      }
      return Optional.empty();
    }
  }

  static Task task(List<String> fields) {
    return new Task(
        Long.parseLong(fields.get(0)),
        Long.parseLong(fields.get(1)),
        fields.get(2),
        fields.get(3),
        Long.parseLong(fields.get(4)) + Long.parseLong(fields.get(5)),
        fields.get(6),
        fields.get(7),
        Long.parseLong(fields.get(8)),
        fields.get(9).equals("1"));
  }

  /** The processes that wait for no other one of them. */
  public List<Task> leaves() {
    return tasks.stream()
        .filter(task -> tasks.stream().noneMatch(other -> other.parent() == task.pid()))
        .toList();
  }
}
