package io.daytona.runner.testing;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Effective ids of this process. The jailer serves one unprivileged user and looks at the effective
 * id of whoever connects; the real id stays root, so that tests can still start and end jailers.
 */
@SuppressWarnings("restricted") // the JDK has no other way to set effective ids
final class EffectiveUser {
  private static final MethodHandle SETEUID = find("seteuid");
  private static final MethodHandle SETEGID = find("setegid");
  private static final MethodHandle GETEUID =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("geteuid"),
              FunctionDescriptor.of(ValueLayout.JAVA_INT));

  private EffectiveUser() {}

  private static MethodHandle find(String name) {
    return Linker.nativeLinker()
        .downcallHandle(
            Linker.nativeLinker().defaultLookup().findOrThrow(name),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  }

  static int current() {
    try {
      return (int) GETEUID.invokeExact();
    } catch (Throwable e) {
      throw new IllegalStateException("geteuid", e);
    }
  }

  /** From root to an ordinary user: the group first, while it is still allowed. */
  static void become(int id) {
    set(SETEGID, id);
    set(SETEUID, id);
  }

  static void becomeRoot() {
    set(SETEUID, 0);
    set(SETEGID, 0);
  }

  private static void set(MethodHandle function, int id) {
    int result;
    try {
      result = (int) function.invokeExact(id);
    } catch (Throwable e) {
      throw new IllegalStateException("setting effective id " + id, e);
    }
    if (result != 0) {
      throw new IllegalStateException("effective id " + id + " was refused: run this as root");
    }
  }
}
