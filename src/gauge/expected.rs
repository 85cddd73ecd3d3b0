//! What `haze gauge` expects. Written by `tests/reference/gauge.py` (mpmath, 30 digits); not to be edited.

/// Standard normals of random words: ends, middle, both sides of the median, octaves between.
pub const NORMALS: [(u32, f64); 16] = [
    (0x00000000, 6.33795775455379),
    (0x00000001, 6.16642951781975),
    (0x7fffffff, 2.91809937291662e-10),
    (0x80000000, -6.33795775455379),
    (0xffffffff, -2.91809937291662e-10),
    (0x40000000, 0.674489749829738),
    (0xbfffffff, -0.674489750562425),
    (0x3fffffff, 0.674489750562425),
    (0x00000005, 5.95750766298857),
    (0x80000123, -5.2709218442344),
    (0x00012345, 4.14005493015217),
    (0x80abcdef, -2.79170858247887),
    (0x01234567, 2.61629820431964),
    (0x92345678, -1.46756573149223),
    (0x2aaaaaaa, 0.967421566257014),
    (0xe0000000, -0.318639363657369),
];
/// The same of the words of Random123's first vector.
pub const FIRST_NORMALS: [f64; 4] = [0.255815970432981, -0.304114847166958, -0.720161494257954, -1.25091988648968];
/// Four lognormals multiplied.
pub const PRODUCT_MEAN: f64 = 1.28563145202157;
/// Standard deviation over mean.
pub const PRODUCT_CV: f64 = 0.807990241541987;
/// At 2.5, 5, 50, 95 and 97.5 %.
pub const PRODUCT_QUANTILES: [f64; 5] = [0.249233701174494, 0.311613623142466, 1.0, 3.20910231688688, 4.01229847844645];
/// The same product by factor: first-order indices.
pub const PRODUCT_FIRST: [f64; 4] = [0.435055811519835, 0.144251419114062, 0.00383416464827912, 0.265775203033488];
/// The same product by factor: total indices.
pub const PRODUCT_TOTAL: [f64; 4] = [0.560021023620009, 0.217904685176743, 0.00632146881098425, 0.374334899560009];
/// The same product by factor: Shapley effects.
pub const PRODUCT_SHAPLEY: [f64; 4] = [0.496300563077563, 0.179861248006444, 0.00501434135159755, 0.318823847564396];
/// Eight lognormals in pairs: first-order indices.
pub const PAIRS_FIRST: [f64; 4] = [0.392891045246461, 0.139159734186123, 0.00384278248481942, 0.292955025375763];
/// Eight lognormals in pairs: total indices.
pub const PAIRS_TOTAL: [f64; 4] = [0.531887677681739, 0.221079516539582, 0.00672745362079288, 0.421120535465896];
/// Eight lognormals in pairs: Shapley effects.
pub const PAIRS_SHAPLEY: [f64; 4] = [0.460795860414179, 0.178553315847448, 0.00520145698556404, 0.35544936675281];
/// Ishigami's function: first-order indices.
pub const ISHIGAMI_FIRST: [f64; 3] = [0.313905191147811, 0.442411144790041, 0.0];
/// Ishigami's function: total indices.
pub const ISHIGAMI_TOTAL: [f64; 3] = [0.557588855209959, 0.442411144790041, 0.243683664062148];
/// Ishigami's function: Shapley effects.
pub const ISHIGAMI_SHAPLEY: [f64; 3] = [0.435747023178885, 0.442411144790041, 0.121841832031074];
/// Sobol' g-function: first-order indices.
pub const G_FIRST: [f64; 8] = [
    0.716192168879033,
    0.179048042219758,
    0.0236757741778193,
    0.0071619216887905,
    0.0000716192168878955,
    0.0000716192168878955,
    0.0000716192168878955,
    0.0000716192168878955,
];
/// Sobol' g-function: total indices.
pub const G_TOTAL: [f64; 8] = [
    0.787144126659275,
    0.242198192818238,
    0.0343169101540828,
    0.0104603870652398,
    0.000104949051919494,
    0.000104949051919494,
    0.000104949051919494,
    0.000104949051919494,
];
/// The portfolio, by factor: first-order indices.
pub const PORTFOLIO_FIRST: [f64; 5] =
    [0.144260334258821, 0.095461048360803, 0.00212052578012474, 0.630356038822519, 0.00228690906569705];
/// The portfolio, by factor: total indices.
pub const PORTFOLIO_TOTAL: [f64; 5] =
    [0.235039927463252, 0.140491705499296, 0.00305300315813546, 0.747119522308649, 0.00444690688583761];
/// The portfolio, by factor: Shapley effects.
pub const PORTFOLIO_SHAPLEY: [f64; 5] =
    [0.188894772440347, 0.117248449748629, 0.00256681905802221, 0.687972545272216, 0.00331741348078649];
/// a/2.
pub const ISHIGAMI_MEAN: f64 = 3.5;
/// a²/8 + bπ⁴/5 + b²π⁸/18 + ½.
pub const ISHIGAMI_VARIANCE: f64 = 13.8445879407193;
/// Models, CV of their total, first-order index of what they share.
pub const SCALING: [(usize, f64, f64); 4] = [
    (1, 0.580023696089627, 0.121306301194088),
    (10, 0.265278053324614, 0.579925478765547),
    (1000, 0.202747110722252, 0.992808497478957),
    (100000, 0.202024083612639, 0.99992756929807),
];
/// σ, shortest interval of 95 % of LN(0, σ).
pub const SHORTEST: [(f64, [f64; 2]); 3] = [
    (0.25, [0.566981722151056, 1.55648210181541]),
    (0.5, [0.261652309071398, 2.31807875827737]),
    (1.0, [0.0260915036522471, 5.18694840436907]),
];
/// 2 × LN(0, 0.5), by numerical convolution of the densities.
pub const TWO_QUANTILES: [f64; 5] = [1.046930167, 1.172096192, 2.118740544, 3.859603994, 4.336526298];
/// 10 × LN(0, 1), likewise.
pub const TEN_QUANTILES: [f64; 5] = [7.513286, 8.387075, 15.151977, 28.978085, 33.259451];
/// Mean of the portfolio's total.
pub const PORTFOLIO_MEAN: f64 = 4265.21837475488;
/// Its standard deviation.
pub const PORTFOLIO_SD: f64 = 2398.28858727491;
/// The same with every shared effect drawn separately for each model.
pub const PORTFOLIO_SEPARATE_SD: f64 = 2288.75956476217;
