"""What the phonetic name matcher is learned from and measured with: names that speech recognition misspelt."""
