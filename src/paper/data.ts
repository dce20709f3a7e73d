/** The images of all the paper's results: CIFAR-10 with a long tail, a fifth of them for validation. */
export const paperData = {
  name: 'cifar10',
  classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  imageSize: 32,
  imbalance: 'exp',
  imbalanceRatio: 100,
  /** Images of the largest and of the smallest class before the split, and of each class in the test split. */
  most: 5000,
  least: 50,
  test: 1000,
} as const;
