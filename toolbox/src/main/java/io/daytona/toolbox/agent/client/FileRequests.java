package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.DownloadSeries;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.agent.Upload;
import io.daytona.toolbox.agent.UploadSeries;
import java.time.Duration;
import java.util.List;

/** The agent's verbs on files. */
final class FileRequests {
  /** How long work on a whole tree may take. */
  private static final Duration TREE_PATIENCE = Duration.ofHours(1);

  private static final int NO_FOLLOW = 1;
  private static final int CREATE_PARENTS = 1;

  private final Requests requests;
  private final Duration stall;

  /**
   * @param stall how long an upload or a download may go on without progress
   */
  FileRequests(Requests requests, Duration stall) {
    this.requests = requests;
    this.stall = stall;
  }

  FileStat stat(String path, boolean followLinks) {
    FieldsBuilder request = FieldsBuilder.verb("stat").text(Tag.PATH, path);
    if (!followLinks) {
      request.number(Tag.FLAGS, NO_FOLLOW);
    }
    Fields reply = requests.call(request);
    return requests.checked(() -> FileStats.of(reply));
  }

  FileListing list(String path) {
    return requests.list(FieldsBuilder.verb("list").text(Tag.PATH, path));
  }

  Download read(String path, long offset, long size) {
    FieldsBuilder request =
        FieldsBuilder.verb("read").text(Tag.PATH, path).number(Tag.OFFSET, offset);
    if (size >= 0) {
      request.number(Tag.SIZE, size);
    }
    Requests.Opened opened = requests.open(request);
    return new StreamDownload(
        opened.stream(), requests.checked(() -> FileStats.of(opened.reply())), stall);
  }

  Upload write(String path, int mode, boolean createParents) {
    FieldsBuilder request = FieldsBuilder.verb("write").text(Tag.PATH, path).number(Tag.MODE, mode);
    if (createParents) {
      request.number(Tag.FLAGS, CREATE_PARENTS);
    }
    return new StreamUpload(requests.open(request).stream(), stall);
  }

  DownloadSeries readMany(List<String> paths) {
    return new StreamDownloadSeries(requests, paths, stall);
  }

  UploadSeries writeMany(int mode) {
    FieldsBuilder request = FieldsBuilder.verb("write-many").number(Tag.FLAGS, CREATE_PARENTS);
    return new StreamUploadSeries(requests, requests.open(request).stream(), mode, stall);
  }

  void mkdir(String path, int mode, boolean parents) {
    requests.call(
        FieldsBuilder.verb("mkdir")
            .text(Tag.PATH, path)
            .number(Tag.MODE, mode)
            .flag(Tag.RECURSIVE, parents));
  }

  void remove(String path, boolean recursive) {
    requests.call(
        FieldsBuilder.verb("remove").text(Tag.PATH, path).flag(Tag.RECURSIVE, recursive),
        TREE_PATIENCE);
  }

  void rename(String from, String to, boolean noReplace) {
    requests.call(
        FieldsBuilder.verb("rename")
            .text(Tag.PATH, from)
            .text(Tag.PATH2, to)
            .flag(Tag.NO_REPLACE, noReplace),
        TREE_PATIENCE);
  }

  void chmod(String path, int mode, String owner, String group) {
    FieldsBuilder request =
        FieldsBuilder.verb("chmod")
            .text(Tag.PATH, path)
            .textIfAny(Tag.OWNER, owner)
            .textIfAny(Tag.GROUP, group);
    if (mode >= 0) {
      request.number(Tag.MODE, mode);
    }
    requests.call(request);
  }
}
