package io.daytona.toolbox;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All harnesses in one process, which spares starting a virtual machine for each: the first byte of
 * an input says which gets the rest. Their names are in the system property {@code fuzz.harnesses},
 * separated by commas.
 */
public final class FuzzAll {
  private static final List<MethodHandle> HARNESSES = new ArrayList<>();

  private FuzzAll() {}

  /** Called by the fuzzer before the first input. */
  public static void fuzzerInitialize() throws Throwable {
    for (String name : System.getProperty("fuzz.harnesses", "").split(",", -1)) {
      Class<?> harness = Class.forName(name);
      MethodHandles.Lookup lookup = MethodHandles.publicLookup();
      HARNESSES.add(
          lookup.findStatic(
              harness, "fuzzerTestOneInput", MethodType.methodType(void.class, byte[].class)));
      if (Arrays.stream(harness.getMethods())
          .anyMatch(m -> m.getName().equals("fuzzerInitialize"))) {
        lookup
            .findStatic(harness, "fuzzerInitialize", MethodType.methodType(void.class))
            .invokeExact();
      }
    }
  }

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) throws Throwable {
    int number =
        input.length == 0 ? HARNESSES.size() : Byte.toUnsignedInt(input[0]) - FuzzSeeds.FIRST;
    if (number >= 0 && number < HARNESSES.size()) {
      HARNESSES.get(number).invokeExact(Arrays.copyOfRange(input, 1, input.length));
    }
  }
}
