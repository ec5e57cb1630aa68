package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.DownloadSeries;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The contents of several files of one sandbox, in order. For one thread. */
sealed interface FileContents extends AutoCloseable {

  /** The contents, in the way that the sandbox's agent knows. */
  static FileContents of(Agent agent, List<SandboxFile> files) {
    return agent.features().contains(Agent.Feature.MANY_FILES)
        ? new Streamed(agent.readMany(files.stream().map(SandboxFile::absolute).toList()))
        : new OneByOne(files.iterator());
  }

  /**
   * The content of the next file, to be read to its end before the one after it.
   *
   * @throws AgentException when this file cannot be read
   */
  FileContent next();

  @Override
  void close();

  /** With one request. */
  record Streamed(DownloadSeries series) implements FileContents {
    @Override
    public FileContent next() {
      DownloadSeries.Content content = series.next();
      boolean unknown = content.size() == DownloadSeries.UNKNOWN;
      return new FileContent(content.bytes(), unknown ? FileContent.UNKNOWN : content.size());
    }

    @Override
    public void close() {
      series.close();
    }
  }

  /** With a request each, for older agents. */
  final class OneByOne implements FileContents {
    private final Iterator<SandboxFile> files;
    private @Nullable Download open;

    private OneByOne(Iterator<SandboxFile> files) {
      this.files = files;
    }

    @Override
    public FileContent next() {
      close();
      SandboxFile file = files.next();
      Download download = file.agent().read(file.absolute(), 0, -1);
      open = download;
      return FileContent.of(download);
    }

    @Override
    public void close() {
      if (open != null) {
        open.close();
        open = null;
      }
    }
  }
}
