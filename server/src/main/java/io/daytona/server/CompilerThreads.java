package io.daytona.server;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The JVM's compilers, which nobody waits for.
 *
 * <p>The supervisor prefers this process, so that requests are answered however much sandboxes
 * compute. A compiler takes a processor for tens of milliseconds; preferred as well, it would hold
 * up every sandbox that wants that one. No option of the JVM sets this alone.
 */
final class CompilerThreads {
  private static final Logger LOG = LoggerFactory.getLogger(CompilerThreads.class);

  /** As the kernel cuts their names off. */
  private static final List<String> NAMES = List.of("C1 CompilerThre", "C2 CompilerThre");

  /** The first argument of {@code setpriority} for one thread. */
  private static final int PRIO_PROCESS = 0;

  /** A third of an ordinary thread's share where all want more than there is. */
  private static final int NICE = 5;

  private CompilerThreads() {}

  /** Lets everybody else run first; those that the JVM starts later inherit it. */
  static void giveWay() {
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      MethodHandle setPriority = setPriority();
      for (Path thread : threads.toList()) {
        if (NAMES.contains(Files.readString(thread.resolve("comm")).strip())) {
          int id = Integer.parseInt(thread.getFileName().toString());
          // Refused to one that is less preferred already.
          int _ = (int) setPriority.invokeExact(PRIO_PROCESS, id, NICE);
        }
      }
    } catch (IOException e) {
      // A thread that ended meanwhile; without it, requests only wait a little longer at times.
      LOG.debug("the compilers stay preferred", e);
    } catch (Throwable e) {
      throw new IllegalStateException("setpriority", e);
    }
  }

  @SuppressWarnings("restricted") // the JDK has no other way to set the priority of a thread
  private static MethodHandle setPriority() {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("setpriority"),
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT));
  }
}
