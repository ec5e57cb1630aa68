package io.daytona.toolbox.session;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The commands of one session, and which of them the shell has not finished. Safe for threads. The
 * shell runs commands in the order of their numbers.
 */
final class CommandQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private final SequencedMap<String, Command> commands = new LinkedHashMap<>();
  private final TreeMap<Long, Command> pending = new TreeMap<>();
  private long lastNumber;
  private boolean ended;

  /** All commands, oldest first. */
  List<Command> all() {
    lock.lock();
    try {
      return List.copyOf(commands.values());
    } finally {
      lock.unlock();
    }
  }

  Optional<Command> find(String id) {
    lock.lock();
    try {
      return Optional.ofNullable(commands.get(id));
    } finally {
      lock.unlock();
    }
  }

  /** The number of a new command. */
  long nextNumber() {
    lock.lock();
    try {
      return ++lastNumber;
    } finally {
      lock.unlock();
    }
  }

  /** The number of the newest command; 0 before the first. */
  long lastNumber() {
    lock.lock();
    try {
      return lastNumber;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds a command; to be called in the order of their numbers.
   *
   * @return false after {@link #end}: then it was not added
   */
  boolean add(Command command) {
    lock.lock();
    try {
      if (!ended) {
        restore(command);
      }
      return !ended;
    } finally {
      lock.unlock();
    }
  }

  /** Adds a command that was found again; to be called in the order of their numbers. */
  void restore(Command command) {
    lock.lock();
    try {
      commands.put(command.id(), command);
      lastNumber = Math.max(lastNumber, command.number());
      if (!command.exit().isDone()) {
        pending.put(command.number(), command);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Forgets a command. */
  void drop(Command command) {
    lock.lock();
    try {
      commands.remove(command.id());
      pending.remove(command.number());
    } finally {
      lock.unlock();
    }
  }

  /** The shell has finished a command, or will never run it. */
  void finish(Command command) {
    lock.lock();
    try {
      pending.remove(command.number());
    } finally {
      lock.unlock();
    }
  }

  /** Whether the shell has something to do. */
  boolean isWaiting() {
    lock.lock();
    try {
      return !ended && !pending.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the shell has ended. */
  boolean isEnded() {
    lock.lock();
    try {
      return ended;
    } finally {
      lock.unlock();
    }
  }

  /** What is not finished of the commands with smaller numbers, in their order. */
  List<Command> pendingBefore(long number) {
    lock.lock();
    try {
      return new ArrayList<>(pending.headMap(number).values());
    } finally {
      lock.unlock();
    }
  }

  /** The shell has ended: what it has not finished, in order. */
  List<Command> end() {
    lock.lock();
    try {
      ended = true;
      return new ArrayList<>(pending.values());
    } finally {
      lock.unlock();
    }
  }
}
