// Product quantisation as fastText's files have it (Jégou et al., "Product Quantization for Nearest
// Neighbor Search", 2011): rows are cut into parts of `part_dim` floats, the last one perhaps
// shorter, and each part of a row becomes the number of the nearest of 256 centroids.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rows.h"
#include "separators.h"

namespace nlp {

constexpr std::size_t centroid_count = 256;

// Writes 256 centroids of points, by k-means, to centroids[256][dim]: at most 25 steps (Lloyd, "Least
// squares quantization in PCM", 1982) from starts that lie apart (Arthur and Vassilvitskii,
// "k-means++", 2007). A centroid without points goes to the point that is farthest from its own; 256
// points or fewer are the centroids themselves, and the others zeros. The result depends on points
// and seed alone.
void find_centroids(const Rows& points, std::uint64_t seed, InstructionSet set, float* centroids);

// Writes the nearest centroids' numbers to codes[rows][parts]; of equally near ones the first.
// `centroids` holds 256 of each part, one part after the other.
void quantize_rows(const Rows& rows, std::size_t part_dim, const float* centroids, int threads,
                   InstructionSet set, std::uint8_t* codes);

}  // namespace nlp
