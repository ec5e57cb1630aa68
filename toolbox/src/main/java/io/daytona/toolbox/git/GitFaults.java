package io.daytona.toolbox.git;

import io.daytona.toolbox.error.AgentErrors;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Tells from what git wrote, in its untranslated words, what went wrong. */
final class GitFaults {
  /** Of a line, more than an URL has; the patterns take a time that grows with the square of it. */
  private static final int LONGEST_LINE = 4_100;

  /** Git's lines end with a line feed alone; U+0085 or U+2028 may be part of a name in them. */
  private static final int FLAGS =
      Pattern.MULTILINE | Pattern.CASE_INSENSITIVE | Pattern.UNIX_LINES;

  /** The first that is found decides: what is special stands before what is general. */
  private static final List<Rule> RULES =
      List.of(
          rule(
              GitFault.NO_SPACE,
              "No space left on device|Disk quota exceeded|Out of diskspace"
                  + "|failed to write new configuration file"),
          rule(
              GitFault.PROGRAM_MISSING,
              "cannot run (\\S+/)?ssh: No such file|cannot exec .*remote-https?"
                  + "|remote helper 'https?'|remote-https?' is not a git command"),
          rule(
              GitFault.NO_PROCESS,
              "Resource temporarily unavailable|unable to (create( threaded)?|start) .*thread"
                  + "|cannot (create (async )?thread|fork)|unable to fork|fork failed"),
          rule(GitFault.KILLED, "died of signal 9|Out of memory|Cannot allocate memory"),
          rule(
              GitFault.BAD_REQUEST,
              "transport '.*' not allowed|unable to find remote helper"
                  + "|URL using bad/illegal format"),
          rule(
              GitFault.AUTH_FAILED,
              "Authentication failed for|could not read (Username|Password) for|Invalid credentials"
                  + "|Permission denied \\((publickey|password|keyboard|gssapi|hostbased)"
                  + "|Too many authentication failures|returned error: 401"),
          rule(GitFault.FORBIDDEN, "returned error: 403|^ERROR: Permission to .* denied"),
          rule(GitFault.PUSH_REJECTED, "^[ \\t]*!\\s.*\\[rejected\\]"),
          rule(
              GitFault.REMOTE_REJECTED,
              "^[ \\t]*!\\s.*\\[remote rejected\\]|pre-receive hook declined"),
          rule(
              GitFault.TRANSPORT_FAILED,
              "Host key verification failed|Could not resolve host|unable to access '"
                  + "|ssh: connect to host|unable to look up|kex_exchange_identification"
                  + "|unable to connect to|Connection (refused|reset|timed out|closed)"
                  + "|returned error: (4(?!04)|5)\\d\\d"),
          rule(
              GitFault.BRANCH_NOT_FOUND,
              "Remote branch .* not found in upstream|couldn't find remote ref"
                  + "|src refspec .* does not match any|remote ref does not exist"
                  + "|not our ref|does not have any commits yet|branch '.*' not found"
                  + "|could not resolve '?HEAD|ambiguous argument 'HEAD'|bad default revision"
                  + "|could not resolve |Failed to resolve '|unknown revision|bad revision"
                  + "|invalid reference|upload-pack: not our ref|Not a valid (object|commit) name"
                  + "|no such ref was fetched|does not allow request for unadvertised object"),
          rule(
              GitFault.REPO_NOT_FOUND,
              "not a git repository|invalid gitfile format|^fatal: repository '.*' (not found|does not exist)"
                  + "|does not appear to be a git (repository|repo)|^ERROR: Repository not found"
                  + "|No such remote|inside a git repository|returned error: 404|this operation must be run in a work tree"),
          rule(
              GitFault.TRANSPORT_FAILED,
              "the remote end hung up|early EOF|RPC failed|Could not read from remote repository"
                  + "|protocol error|invalid index-pack output|fetch-pack: invalid"),
          rule(GitFault.BRANCH_EXISTS, "a branch named '.*' already exists"),
          rule(GitFault.CONFLICT, "remote .* already exists|already exists and is not an empty"),
          rule(
              GitFault.MERGE_CONFLICT,
              "Not possible to fast-forward|can't be fast-forwarded|unmerged files|unmerged paths"
                  + "|refusing to merge unrelated|you need to resolve your current index"
                  + "|have not concluded your merge|is unmerged"),
          rule(
              GitFault.DIRTY_WORKTREE,
              "would be overwritten by|not uptodate|local changes|untracked working tree file"
                  + "|Could not reset index file"),
          rule(GitFault.CONFLICT, "\\.lock': File exists|index\\.lock|cannot lock ref"),
          rule(
              GitFault.CONFLICT,
              "Cannot delete (the )?branch|used by worktree|nothing (added )?to commit"
                  + "|no changes added to commit"),
          rule(
              GitFault.BAD_REQUEST,
              "pathspec|is outside repository|is beyond a symbolic link|ignored by one of"
                  + "|disallowed characters|empty ident name|not a valid (branch|remote|ref)"
                  + "|invalid (key|section|branch|refspec|variable)|does not contain a section"
                  + "|does not contain variable name|Cannot do .* reset with paths"
                  + "|is in submodule|Invalid path"
                  + "|bad config|port number|not valid|reference is not a tree"),
          rule(
              GitFault.FORBIDDEN,
              "Permission denied|Read-only file system|dubious ownership|Operation not permitted"
                  + "|insufficient permission"),
          rule(
              GitFault.BAD_REQUEST,
              "could not create (work tree|leading)|cannot mkdir|can only add regular files"
                  + "|(adding|updating) files failed|unable to index file|unable to stat"
                  + "|File name too long|Not a directory|Is a directory|No such file or directory"));

  private GitFaults() {}

  /** What went wrong, by the text of standard error and of reports on standard output. */
  static GitFault of(String text) {
    // What the other side says is passed on with a mark; it is for people, not to decide by.
    String own =
        text.lines()
            .filter(line -> !line.startsWith("remote:"))
            .map(line -> line.substring(0, Math.min(line.length(), LONGEST_LINE)))
            .collect(Collectors.joining("\n"));
    return RULES.stream()
        .filter(rule -> rule.pattern.matcher(own).find())
        .map(Rule::fault)
        .findFirst()
        .orElse(GitFault.OTHER);
  }

  /** What a person can do about it; empty where git's own words are enough. */
  static String remedy(GitFault fault, String text) {
    if (fault == GitFault.PROGRAM_MISSING) {
      return text.contains("ssh")
          ? "; install the package openssh-client in the sandbox's image"
          : "; install the complete package git (with curl and ca-certificates) in the image";
    }
    switch (fault) {
      case NO_SPACE -> {
        return "; " + AgentErrors.FREE_DISK;
      }
      case NO_PROCESS -> {
        return "; " + AgentErrors.FREE_PROCESSES;
      }
      case KILLED -> {
        return "; the sandbox's memory was perhaps not enough: give it more, or end other programs";
      }
      default -> {}
    }
    if (text.contains("Host key verification failed")) {
      return "; add the host's key to ~/.ssh/known_hosts in the sandbox first (ssh-keyscan)";
    }
    if (text.contains("dubious ownership")) {
      return "; change the owner of the repository, or set safe.directory in git's global config";
    }
    return "";
  }

  private static Rule rule(GitFault fault, String pattern) {
    return new Rule(fault, Pattern.compile(pattern, FLAGS));
  }

  private record Rule(GitFault fault, Pattern pattern) {}
}
