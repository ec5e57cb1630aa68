# shellcheck shell=bash
# git and ssh with their own loader and libraries, so that they run in any image. Sourced by build.

HOME_OF_TOOLS=/.daytona

add_git() {
  progress 65 "assembling git"
  local core=$TREE/libexec/git-core name file
  mkdir -p "$core" "$TREE/share/git-core/templates"
  while read -r name; do cp -P "$DEBIAN/usr/lib/git-core/$name" "$core/$name"; done < <(list "$HERE/git-programs")
  cp -r "$HERE/gitconfig" "$TREE/share/"
  cp "$DEBIAN/usr/bin/ssh" "$TREE/bin/ssh"
  loader=$(debian patchelf --print-interpreter /usr/bin/ssh)
  cp -L "$DEBIAN$loader" "$TREE/lib/"
  while IFS= read -r file; do add_libraries "$file"; done < <(dynamic_programs)
  while IFS= read -r file; do relocate "$file"; done < <(dynamic_programs)
  debian patchelf --add-needed user.so /layer/tools/bin/ssh
}

# Programs of the tree that want a loader, as $DEBIAN sees them.
dynamic_programs() {
  local file
  for file in "$TREE"/libexec/git-core/* "$TREE/bin/ssh"; do
    if [[ ! -L $file && $(head -c 4 "$file" | tail -c 3) == ELF ]]; then echo "${file#"$DEBIAN"}"; fi
  done
}

# Copies every library the program is loaded with.
add_libraries() {
  local name path
  while read -r name path; do
    [[ -e $TREE/lib/$name ]] || cp -L "$DEBIAN$path" "$TREE/lib/$name"
  done < <(debian "$loader" --list "$1" | awk '$2 == "=>" { print $1, $3 }')
}

# DT_RPATH, not DT_RUNPATH: it holds for the libraries' libraries too, and before LD_LIBRARY_PATH.
relocate() {
  debian patchelf --set-interpreter "$HOME_OF_TOOLS/lib/$(basename "$loader")" --force-rpath \
    --set-rpath "$HOME_OF_TOOLS/lib" "$1"
}
