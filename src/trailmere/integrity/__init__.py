"""Seals: digests, signatures, and what they prove. Bytes in, verdict out; storage and clocks belong to the caller."""
