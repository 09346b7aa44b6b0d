// How an answer ends that changed files.

#pragma once

#include <string>

#include "server/base/utf8.h"
#include "server/change/change.h"

namespace quarry::tools {

// "change Ab12Cd34Ef; undo takes it back\n", or that it cannot.
inline void append_receipt(std::string& text, const change::Receipt& receipt) {
  if (!receipt.split.empty()) {
    utf8::append_escaped_name(text, receipt.split.front());
    if (receipt.split.size() > 1) text += fmt::format(" and {} more", receipt.split.size() - 1);
    text.append(": other names (hard links) of the file keep the old content\n");
  }
  text.append("change ").append(receipt.id);
  text.append(receipt.undoable   ? "; undo takes it back\n"
              : receipt.for_good ? "; cannot be undone: nothing was kept of what was deleted\n"
                                 : "; cannot be undone: the server keeps no journal\n");
}

}  // namespace quarry::tools
