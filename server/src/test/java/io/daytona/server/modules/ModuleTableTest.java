package io.daytona.server.modules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.server.modules.Sources.Source;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Keeps what ARCHITECTURE.md promises of modules and packages. */
class ModuleTableTest {
  private static final Pattern MODULE = Pattern.compile("<module>([a-z]+)</module>");
  private static final Pattern DEPENDENCY =
      Pattern.compile("<artifactId>daytona-([a-z]+)</artifactId>");

  private final Path root = ModuleTable.root();

  private List<String> modules() throws IOException {
    List<String> modules = new ArrayList<>();
    Matcher module = MODULE.matcher(Files.readString(root.resolve("pom.xml")));
    while (module.find()) {
      modules.add(module.group(1));
    }
    return modules;
  }

  @Test
  void everyModuleStandsInTheTable() throws IOException {
    List<String> modules = modules();
    assertTrue(modules.contains("server") && modules.contains("wire"), modules.toString());
    assertEquals(Set.of(), without(modules, ModuleTable.read(root).keySet()));
  }

  @Test
  void pomsNameOnlyWhatTheTableAllows() throws IOException {
    List<String> offences = new ArrayList<>();
    for (var row : ModuleTable.read(root).entrySet()) {
      Path pom = root.resolve(row.getKey()).resolve("pom.xml");
      if (!Files.exists(pom)) {
        continue;
      }
      Matcher dependency = DEPENDENCY.matcher(Files.readString(pom));
      while (dependency.find()) {
        String used = dependency.group(1);
        if (!used.equals(row.getKey()) && !row.getValue().contains(used)) {
          offences.add(row.getKey() + "/pom.xml uses " + used);
        }
      }
    }
    assertEquals(List.of(), offences);
  }

  @Test
  void sourcesNameOnlyWhatTheTableAllows() throws IOException {
    Map<String, Set<String>> table = ModuleTable.read(root);
    List<String> offences = new ArrayList<>();
    int read = 0;
    for (String module : modules()) {
      for (Source source : Sources.below(root.resolve(module).resolve("src"))) {
        read++;
        for (String named : source.named()) {
          String used = Sources.module(named);
          if (!used.equals(module) && !table.getOrDefault(module, Set.of()).contains(used)) {
            offences.add(root.relativize(source.path()) + " uses " + named);
          }
        }
      }
    }
    assertTrue(read > 50, "too few sources were found: " + read);
    assertEquals(List.of(), offences);
  }

  @Test
  void packagesHaveNoCycles() throws IOException {
    List<String> cycles = new ArrayList<>();
    for (String module : modules()) {
      Map<String, Set<String>> uses = new TreeMap<>();
      for (Source source : Sources.below(root.resolve(module).resolve("src/main/java"))) {
        Set<String> named = uses.computeIfAbsent(source.inPackage(), key -> new TreeSet<>());
        source.named().stream()
            .filter(other -> Sources.module(other).equals(module))
            .forEach(named::add);
      }
      for (String start : uses.keySet()) {
        if (reachable(start, uses).contains(start)) {
          cycles.add(start + " uses itself by way of " + wayBack(start, uses));
        }
      }
    }
    assertEquals(List.of(), cycles);
  }

  @Test
  void findsACycle() {
    Map<String, Set<String>> uses =
        Map.of("a", Set.of("b"), "b", Set.of("c"), "c", Set.of("a"), "d", Set.of("a"));
    assertTrue(reachable("a", uses).contains("a"));
    assertFalse(reachable("d", uses).contains("d"));
  }

  private static Set<String> reachable(String start, Map<String, Set<String>> uses) {
    Set<String> seen = new TreeSet<>();
    Deque<String> open = new ArrayDeque<>(uses.getOrDefault(start, Set.of()));
    while (!open.isEmpty()) {
      String next = open.pop();
      if (seen.add(next)) {
        open.addAll(uses.getOrDefault(next, Set.of()));
      }
    }
    return seen;
  }

  private static Set<String> wayBack(String start, Map<String, Set<String>> uses) {
    Set<String> way = new TreeSet<>(uses.getOrDefault(start, Set.of()));
    way.removeIf(next -> !next.equals(start) && !reachable(next, uses).contains(start));
    return way;
  }

  private static Set<String> without(List<String> all, Set<String> known) {
    Set<String> rest = new TreeSet<>(all);
    rest.removeAll(known);
    return rest;
  }
}
