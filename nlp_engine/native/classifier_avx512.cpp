// Classification by AVX-512. Compiled with the flags that CMakeLists.txt gives.
#include "separators.h"

#if defined(NLP_X86)
#include "classifier_steps.h"

namespace nlp {

const ClassifierKernels classifier_avx512 = kernels;

}  // namespace nlp
#endif
