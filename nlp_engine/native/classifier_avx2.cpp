// Classification by AVX2 and FMA. Compiled with the flags that CMakeLists.txt gives.
#include "separators.h"

#if defined(NLP_X86)
#include "classifier_steps.h"

namespace nlp {

const ClassifierKernels classifier_avx2 = kernels;

}  // namespace nlp
#endif
