package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.FileStat;

/** Reads descriptions of files out of fields. */
final class FileStats {
  private static final String TYPES = "fdlpsbc";
  private static final long MAX_ID = 0xffff_ffffL;

  private FileStats() {}

  static FileStat of(Fields fields) throws ProtocolViolation {
    String type = fields.text(Tag.TYPE);
    if (type.length() != 1 || TYPES.indexOf(type.charAt(0)) < 0) {
      throw new ProtocolViolation("a file of an unknown type");
    }
    long uid = fields.number(Tag.UID, 0, 0, MAX_ID);
    long gid = fields.number(Tag.GID, 0, 0, MAX_ID);
    return new FileStat(
        fields.path(Tag.NAME),
        type.charAt(0),
        (int) fields.number(Tag.MODE, 0, 0, 07777),
        fields.number(Tag.SIZE, 0, 0, Long.MAX_VALUE),
        uid,
        gid,
        nameOr(fields.text(Tag.OWNER), uid),
        nameOr(fields.text(Tag.GROUP), gid),
        fields.number(Tag.MTIME_NS, 0),
        fields.path(Tag.TARGET));
  }

  private static String nameOr(String name, long id) {
    return name.isEmpty() ? Long.toString(id) : name;
  }
}
