package io.daytona.bench.docker;

import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import io.daytona.bench.system.BareProgram;
import java.util.List;

/**
 * What Docker takes for the same as a row of one sandbox: its command line client, one container.
 */
public final class DockerFigures {
  /** Most samples of a row; each takes Docker a tenth of a second or more. */
  public static final int MOST = 30;

  private final DockerEngine engine;
  private final BareProgram bare;
  private final String container;

  /** Figures in a container that is there from now on. */
  public DockerFigures(DockerEngine engine, BareProgram bare) {
    this.engine = engine;
    this.bare = bare;
    container = engine.run();
    engine.docker("cp", bare.file().toString(), container + ":/bare.py");
  }

  /** A row of the program, each of whose programs is started by {@code docker exec}. */
  public Row.Reference exec(String row, int times, Object... arguments) {
    int samples = Math.clamp(times, 1, MOST);
    return Row.Reference.of(
        "docker exec", bare.through(engine.into(container), row, samples, arguments));
  }

  /** Something made ready in the container. */
  public void prepare(String... program) {
    String[] arguments = new String[program.length + 4];
    System.arraycopy(new String[] {"exec", "-w", "/", container}, 0, arguments, 0, 4);
    System.arraycopy(program, 0, arguments, 4, program.length);
    engine.docker(arguments);
  }

  /** A file or directory copied in. */
  public Samples copyIn(int times, String path) {
    return engine.time(times, "cp", path, container + ":/root/");
  }

  /** A file or directory copied out. */
  public Samples copyOut(int times, String path, String to) {
    return engine.time(times, "cp", container + ":" + path, to);
  }

  /** Ends the container. */
  public void close() {
    engine.remove(List.of(container));
  }
}
