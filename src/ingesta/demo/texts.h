// Word lists of the demo data: names, places, sentences, and the texts that break careless readers.
// Thread-safe: built once, then constant.
#pragma once

#include <vector>

#include "ingesta/demo/draw.h"
#include "ingesta/demo/json_out.h"

namespace ingesta::demo {

using Words = std::vector<Piece>;

struct Texts {
  Words product_nouns;
  Words product_adjectives;
  Words product_extras;
  /// Names that are hard to quote: `"`, `'`, `,`, blanks, line breaks, CJK, emoji.
  Words odd_names;
  Words sentences;
  Words odd_sentences;
  /// Byte-wise sorted, as MongoDB sorts; no word is followed by one that it is a prefix of without a blank
  /// between.
  Words company_heads;
  Words company_places;
  Words company_forms;
  Words first_names;
  Words surnames;
  Words streets;
  Words cities;
  Words provinces;
  Words countries;
  Words jobs;
  Words mail_hosts;
  struct Categoria {
    int64_t id;
    Piece nombre;
    const char* descripcion;  ///< nullptr for null
  };
  std::vector<Categoria> categorias;
};

/// The one instance.
const Texts& AllTexts();

inline const Piece& Pick(const Words& words, Draw& draw) {
  return words[draw.Below(words.size())];
}

}  // namespace ingesta::demo
