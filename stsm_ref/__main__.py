"""`python -m stsm_ref` is `stsm-ref`."""

if __name__ == "__main__":
    from stsm_ref.cli import main

    main()
